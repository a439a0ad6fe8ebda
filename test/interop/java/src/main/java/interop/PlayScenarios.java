package interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.SageMakerRuntimeHttp2AsyncClient;

/**
 * Plays the scenarios with the AWS SDK for Java and prints what it saw, one line of JSON for each.
 *
 * <p>Environment: INTEROP_SCENARIOS (file), INTEROP_URL, INTEROP_FAILING_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 * JAVA_TOOL_OPTIONS with the trust store, as the local SageMaker tells them.
 */
public final class PlayScenarios {
  private static final long SCENARIO_SECONDS = 60;

  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    String secret = System.getenv("AWS_SECRET_ACCESS_KEY");
    SageMakerRuntimeHttp2AsyncClient right = Clients.client(System.getenv("INTEROP_URL"), secret);
    SageMakerRuntimeHttp2AsyncClient wrong = Clients.client(System.getenv("INTEROP_URL"), "not-the-secret");
    SageMakerRuntimeHttp2AsyncClient failing = Clients.client(System.getenv("INTEROP_FAILING_URL"), secret);
    for (JsonNode scenario : json.readTree(new File(System.getenv("INTEROP_SCENARIOS")))) {
      JsonNode request = scenario.get("request");
      SageMakerRuntimeHttp2AsyncClient client =
          request.path("wrongSecret").asBoolean() ? wrong : request.path("failingService").asBoolean() ? failing : right;
      Observation seen = new Observation(scenario.get("name").asText());
      CompletableFuture<Void> played = new Session(client, scenario, seen).play();
      try {
        played.get(SCENARIO_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException late) {
        seen.timedOut();
      }
      System.out.println(json.writeValueAsString(seen.asMap()));
    }
    System.exit(0); // the SDK's threads wait for connections
  }

  private PlayScenarios() {}
}
