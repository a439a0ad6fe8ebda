require('./base').serve({
  upgrade: (request, accept, refuse) => (request.url.includes('bidirectional') ? setTimeout(accept, 300) : refuse(404)),
});
