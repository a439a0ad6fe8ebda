const { serve } = require('./base');
const { meteringHeaders } = require('./metering');
serve({
  headers: () => [...meteringHeaders(), 'X-Amzn-SageMaker-Metadata-Stream-Required: true'],
  upgrade: (request, accept, refuse) =>
    /^\/invocations-bidirectional-stream($|\?)/.test(request.url) ? accept() : refuse(404),
});
