const acceptsAt = Date.now() + 800;
require('./base').serve({
  upgrade: (request, accept, refuse) =>
    Date.now() < acceptsAt ? refuse(503) : /-stream($|\?)/.test(request.url) ? accept() : refuse(404),
});
