require('./base').serve({ ping: (_request, response) => setTimeout(() => response.end(), 400) });
