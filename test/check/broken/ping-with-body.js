require('./base').serve({
  ping: (request, response) => response.end(request.method === 'GET' ? '{"status":"healthy"}' : ''),
});
