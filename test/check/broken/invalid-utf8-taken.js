require('./base').serve({ options: { skipUTF8Validation: true } });
