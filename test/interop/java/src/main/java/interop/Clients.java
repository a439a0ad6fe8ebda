package interop;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sagemakerruntimehttp2.SageMakerRuntimeHttp2AsyncClient;

/** The SDK's client, without retries: a scenario is to see the first answer. */
final class Clients {
  static SageMakerRuntimeHttp2AsyncClient client(String url, String secret) {
    AwsBasicCredentials pair = AwsBasicCredentials.create(System.getenv("AWS_ACCESS_KEY_ID"), secret);
    return SageMakerRuntimeHttp2AsyncClient.builder()
        .endpointOverride(URI.create(url))
        .region(Region.of(System.getenv("AWS_REGION")))
        .credentialsProvider(StaticCredentialsProvider.create(pair))
        .overrideConfiguration(configuration -> configuration.retryStrategy(AwsRetryStrategy.doNotRetry()))
        .build();
  }

  private Clients() {}
}
