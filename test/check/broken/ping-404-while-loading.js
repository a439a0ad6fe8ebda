let pings = 0;
require('./base').serve({
  ping: (_request, response) => response.writeHead(++pings <= 3 ? 404 : 200, { 'Content-Length': 0 }).end(),
});
