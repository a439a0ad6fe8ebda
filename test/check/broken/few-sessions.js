require('./base').serve({
  upgrade: (request, accept, refuse, server) =>
    !request.url.includes('bidirectional') ? refuse(404) : server.clients.size < 30 ? accept() : refuse(503),
});
