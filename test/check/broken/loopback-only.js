// The default of uvicorn and of many development servers.
require('./base').serve({ host: '127.0.0.1' });
