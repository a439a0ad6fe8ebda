const readyAt = Date.now() + 400;
require('./base').serve({
  ping: (_request, response) => response.writeHead(Date.now() < readyAt ? 404 : 200, { 'Content-Length': 0 }).end(),
});
