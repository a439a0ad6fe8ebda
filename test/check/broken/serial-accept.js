let free = 0;
require('./base').serve({
  upgrade: (request, accept, refuse) => {
    if (!request.url.includes('bidirectional')) return refuse(404);
    free = Math.max(free, performance.now()) + 150;
    setTimeout(accept, free - performance.now());
  },
});
