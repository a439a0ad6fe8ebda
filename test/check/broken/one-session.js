const { serve } = require('./base');
let isTaken = false;
serve({
  upgrade: (request, accept, refuse) => {
    if (!request.url.includes('bidirectional')) return refuse(404);
    if (isTaken) return refuse(503);
    isTaken = true;
    request.socket.on('close', () => {
      isTaken = false;
    });
    accept();
  },
});
