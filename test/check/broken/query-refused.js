require('./base').serve({
  upgrade: (request, accept, refuse) => (request.url === '/invocations-bidirectional-stream' ? accept() : refuse(404)),
});
