require('./frames').serveFrames(reply => frame => frame.opcode <= 2 && reply(frame.opcode !== 2, frame.binaryPayload));
