require('./base').serve({ sigterm: () => process.exit(0) });
