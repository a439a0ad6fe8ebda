package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sagemakerruntimehttp2.SageMakerRuntimeHttp2AsyncClient;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InvokeEndpointWithBidirectionalStreamRequest;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InvokeEndpointWithBidirectionalStreamResponseHandler;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.RequestStreamEvent;

/** One scenario as one stream. */
final class Session {
  private final SageMakerRuntimeHttp2AsyncClient client;
  private final JsonNode scenario;
  private final Observation seen;
  private final Input input = new Input();

  Session(SageMakerRuntimeHttp2AsyncClient client, JsonNode scenario, Observation seen) {
    this.client = client;
    this.scenario = scenario;
    this.seen = seen;
  }

  CompletableFuture<Void> play() {
    JsonNode request = scenario.get("request");
    JsonNode endAfter = scenario.get("end").path("afterEvents");
    Thread sender = new Thread(this::send);
    sender.setDaemon(true);
    InvokeEndpointWithBidirectionalStreamResponseHandler handler =
        InvokeEndpointWithBidirectionalStreamResponseHandler.builder()
            .onResponse(
                response -> {
                  seen.opened(response.invokedProductionVariant());
                  sender.start();
                })
            .subscriber(
                InvokeEndpointWithBidirectionalStreamResponseHandler.Visitor.builder()
                    .onPayloadPart(
                        part -> {
                          if (seen.received(part) == endAfter.asInt(-1)) input.end();
                        })
                    .build())
            .build();
    return client
        .invokeEndpointWithBidirectionalStream(
            InvokeEndpointWithBidirectionalStreamRequest.builder()
                .endpointName(request.get("endpoint").asText())
                .targetVariant(text(request, "variant"))
                .modelInvocationPath(text(request, "path"))
                .modelQueryString(text(request, "query"))
                .build(),
            input,
            handler)
        .handle(
            (nothing, failure) -> {
              if (failure == null) seen.ended();
              else seen.failed(failure);
              input.end();
              return null;
            });
  }

  private void send() {
    try {
      for (JsonNode part : scenario.path("send")) {
        Thread.sleep(part.path("pauseMs").asLong(0));
        if (!part.has("text") && !part.has("pattern") && !part.has("file")) continue;
        byte[] payload = payload(part);
        int chunk = part.path("chunkBytes").asInt(Math.max(payload.length, 1));
        for (int times = part.path("times").asInt(1); times > 0; times -= 1) {
          for (int from = 0; from == 0 || from < payload.length; from += chunk) {
            byte[] piece = Arrays.copyOfRange(payload, from, Math.min(from + chunk, payload.length));
            input.send(event(part, piece));
            Thread.sleep(part.path("everyMs").asLong(0));
          }
        }
      }
      JsonNode end = scenario.get("end");
      if (end.path("afterSending").asBoolean() || end.path("afterEvents").asInt(-1) == 0) input.end();
    } catch (InterruptedException | IOException failure) {
      seen.failed(failure);
    }
  }

  private static RequestStreamEvent event(JsonNode part, byte[] payload) {
    return RequestStreamEvent.payloadPartBuilder()
        .bytes(SdkBytes.fromByteArrayUnsafe(payload))
        .dataType(text(part, "dataType"))
        .completionState(text(part, "completionState"))
        .build();
  }

  private static byte[] payload(JsonNode part) throws IOException {
    if (part.has("text")) return part.get("text").asText().getBytes(StandardCharsets.UTF_8);
    if (part.has("file")) {
      byte[] file = Files.readAllBytes(Path.of(System.getenv("INTEROP_FILES"), part.get("file").asText()));
      return Arrays.copyOfRange(file, part.path("fromByte").asInt(0), file.length);
    }
    byte[] pattern = new byte[part.get("pattern").asInt()];
    for (int index = 0; index < pattern.length; index += 1) pattern[index] = (byte) (index % 251);
    return pattern;
  }

  private static String text(JsonNode node, String field) {
    return node.has(field) ? node.get(field).asText() : null;
  }
}
