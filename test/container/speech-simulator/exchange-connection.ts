import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Connection } from '../../interop/vllm/exchange';

/** A connection to a simulator, as the exchanges with the real server are played over. */
export async function connectionTo(port: number, path: string): Promise<Connection> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/${path}`);
  const messages: (string | Uint8Array)[] = [];
  let wake = (): void => {};
  let closeCode: number | undefined;
  webSocket.on('message', (data, isBinary) => {
    messages.push(isBinary ? (data as Buffer) : String(data));
    wake();
  });
  webSocket.on('close', code => {
    closeCode = code;
    wake();
  });
  await once(webSocket, 'open');
  return {
    send: message => webSocket.send(message),
    close: () => webSocket.terminate(),
    messages: {
      next: async () => {
        while (messages.length === 0 && closeCode === undefined) await new Promise<void>(done => (wake = done));
        if (messages.length > 0) return { done: false, value: messages.shift()! };
        if (closeCode === 1000) return { done: true, value: undefined };
        throw new Error(`closed with ${closeCode}`);
      },
    },
  };
}
