require('./base').serve({ options: { autoPong: false } });
