require('./base').serve({ sigterm: null });
