package interop;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InputValidationErrorException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InternalServerErrorException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.ModelErrorException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.ModelStreamErrorException;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.ResponsePayloadPart;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.ServiceUnavailableErrorException;

/** What the program saw in one scenario. {@code test/interop/scenario.ts} is the other end. */
final class Observation {
  private final String scenario;
  private String variant;
  private final List<Map<String, Object>> received = new ArrayList<>();
  private Map<String, Object> outcome;

  Observation(String scenario) {
    this.scenario = scenario;
  }

  synchronized void opened(String variant) {
    this.variant = variant;
  }

  /** @return how many parts have been received */
  synchronized int received(ResponsePayloadPart part) {
    byte[] bytes = part.bytes() == null ? new byte[0] : part.bytes().asByteArray();
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("dataType", part.dataType());
    seen.put("completionState", part.completionState());
    seen.put("length", bytes.length);
    seen.put("sha256", sha256(bytes));
    if ("UTF8".equals(part.dataType())) seen.put("text", part.bytes().asUtf8String());
    received.add(seen);
    return received.size();
  }

  synchronized void ended() {
    outcome = Map.of("kind", "ended");
  }

  synchronized void timedOut() {
    outcome = Map.of("kind", "timedOut");
  }

  synchronized void failed(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof AwsServiceException) && cause.getCause() != null) cause = cause.getCause();
    outcome = new LinkedHashMap<>();
    outcome.put("kind", "error");
    if (!(cause instanceof AwsServiceException)) {
      outcome.put("name", cause.getClass().getSimpleName());
      outcome.put("message", cause.getMessage());
      return;
    }
    AwsServiceException error = (AwsServiceException) cause;
    outcome.put("name", error.awsErrorDetails() == null ? null : error.awsErrorDetails().errorCode());
    outcome.put("message", error.awsErrorDetails() == null ? error.getMessage() : error.awsErrorDetails().errorMessage());
    outcome.put("errorCode", errorCode(error));
    if (variant == null) outcome.put("status", error.statusCode());
    if (error instanceof ModelErrorException refused) outcome.put("originalStatusCode", refused.originalStatusCode());
  }

  synchronized Map<String, Object> asMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("scenario", scenario);
    map.put("variant", variant);
    map.put("received", received);
    map.put("outcome", outcome);
    return map;
  }

  private static String errorCode(AwsServiceException error) {
    if (error instanceof ModelStreamErrorException stream) return stream.errorCode();
    if (error instanceof ModelErrorException refused) return refused.errorCode();
    if (error instanceof InputValidationErrorException invalid) return invalid.errorCode();
    if (error instanceof InternalServerErrorException internal) return internal.errorCode();
    if (error instanceof ServiceUnavailableErrorException unavailable) return unavailable.errorCode();
    return null;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
