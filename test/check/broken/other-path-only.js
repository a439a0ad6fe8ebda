require('./base').serve({
  upgrade: (request, accept, refuse) => (request.url === '/invocations' ? accept() : refuse(404)),
});
