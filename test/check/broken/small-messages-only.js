require('./base').serve({ options: { maxPayload: 128 * 1024 } });
