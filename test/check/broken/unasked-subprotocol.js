require('./base').serve({ headers: () => ['Sec-WebSocket-Protocol: chat'] });
