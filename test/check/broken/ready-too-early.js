let upgrades = 0;
require('./base').serve({
  upgrade: (request, accept, refuse) =>
    ++upgrades <= 3 ? refuse(503) : request.url.includes('bidirectional') ? accept() : refuse(404),
});
