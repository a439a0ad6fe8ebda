require('./base').serve({
  ping: (request, response) => response.writeHead(request.method === 'GET' ? 200 : 405, { 'Content-Length': 0 }).end(),
});
