require('./frames').serveFrames(reply => {
  let parts = [];
  let isText = false;
  return frame => {
    if (frame.opcode === 9) parts = [];
    if (frame.opcode > 2) return;
    if (frame.opcode !== 0) isText = frame.opcode === 1;
    parts.push(frame.binaryPayload);
    if (!frame.fin) return;
    reply(isText, Buffer.concat(parts));
    parts = [];
  };
});
