require('./base').serve({ sigterm: () => undefined });
