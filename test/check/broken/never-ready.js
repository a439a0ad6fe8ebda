require('./base').serve({ ping: (_request, response) => response.writeHead(503, { 'Content-Length': 0 }).end() });
