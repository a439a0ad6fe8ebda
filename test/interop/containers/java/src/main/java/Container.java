import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.server.handlers.PathHandler;
import io.undertow.util.StatusCodes;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A container on Undertow. */
public final class Container {
  private static final Set<WebSocketChannel> OPEN = ConcurrentHashMap.newKeySet();

  private static final class Echo extends AbstractReceiveListener {
    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) throws IOException {
      WebSockets.sendTextBlocking(message.getData(), channel);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) throws IOException {
      var pooled = message.getData();
      try {
        WebSockets.sendBinaryBlocking(pooled.getResource(), channel);
      } finally {
        pooled.free();
      }
    }
  }

  public static void main(String[] words) {
    int port = Integer.parseInt(System.getenv().getOrDefault("SAGEMAKER_BIND_TO_PORT", "8080"));
    PathHandler paths = Handlers.path(exchange -> exchange.setStatusCode(StatusCodes.NOT_FOUND))
        .addExactPath("/ping", exchange -> exchange.setStatusCode(StatusCodes.OK))
        .addExactPath("/invocations-bidirectional-stream", Handlers.websocket((exchange, channel) -> {
          OPEN.add(channel);
          channel.addCloseTask(OPEN::remove);
          channel.getReceiveSetter().set(new Echo());
          channel.resumeReceives();
        }));
    Undertow server = Undertow.builder().setWorkerThreads(128).addHttpListener(port, "0.0.0.0").setHandler(paths).build();
    server.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      for (WebSocketChannel channel : OPEN) {
        try {
          WebSockets.sendCloseBlocking(CloseMessage.GOING_AWAY, "", channel);
        } catch (IOException ignored) {
          // gone already
        }
      }
      server.stop();
    }));
  }
}
