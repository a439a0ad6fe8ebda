require('./base').serve({ upgrade: (request, accept) => request.url.includes('bidirectional') && accept() });
