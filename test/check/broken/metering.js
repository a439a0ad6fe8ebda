const { randomUUID } = require('node:crypto');

exports.meteringHeaders = () => ['X-Amzn-SageMaker-Metadata-Stream-Supported: true'];

exports.record = () => ({ Metering: { Dimension: 'messages', ConsumedUnits: 1, ClientToken: randomUUID() } });

exports.meter = (webSocket, record = exports.record, intervalMs = 1_000) => {
  const timer = setInterval(() => webSocket.send(JSON.stringify(record())), intervalMs);
  webSocket.on('close', () => clearInterval(timer));
  webSocket.on('error', () => undefined);
};
