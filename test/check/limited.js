// A sound container that takes as many sessions at once as it is told.
const { serve } = require('./broken/base');
let open = 0;
serve({
  upgrade: (request, accept, refuse) => {
    if (!request.url.includes('bidirectional')) return refuse(404);
    if (open >= Number(process.env.SESSION_LIMIT)) return refuse(503);
    open++;
    request.socket.on('close', () => open--);
    accept();
  },
});
