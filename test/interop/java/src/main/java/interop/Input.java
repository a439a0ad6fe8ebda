package interop;

import java.util.ArrayDeque;
import java.util.Queue;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.RequestStreamEvent;

/** The input of a stream: what {@link #send} is given, as the SDK asks for it. */
final class Input implements SdkPublisher<RequestStreamEvent> {
  private final Queue<RequestStreamEvent> waiting = new ArrayDeque<>();
  private Subscriber<? super RequestStreamEvent> subscriber;
  private long requested;
  private boolean isEnding;
  private boolean isOver;

  @Override
  public synchronized void subscribe(Subscriber<? super RequestStreamEvent> subscriber) {
    this.subscriber = subscriber;
    subscriber.onSubscribe(
        new Subscription() {
          @Override
          public void request(long count) {
            synchronized (Input.this) {
              requested += count;
              pass();
            }
          }

          @Override
          public void cancel() {
            synchronized (Input.this) {
              isOver = true;
              Input.this.notifyAll();
            }
          }
        });
    pass();
  }

  /** Waits while four events are unsent. */
  synchronized void send(RequestStreamEvent event) throws InterruptedException {
    while (waiting.size() >= 4 && !isOver) wait();
    if (isOver) return; // the stream ended under the sender; the receiver tells why
    waiting.add(event);
    pass();
  }

  synchronized void end() {
    isEnding = true;
    pass();
  }

  private void pass() {
    while (subscriber != null && !isOver && requested > 0 && !waiting.isEmpty()) {
      requested -= 1;
      subscriber.onNext(waiting.remove());
    }
    notifyAll();
    if (subscriber != null && !isOver && isEnding && waiting.isEmpty()) {
      isOver = true;
      subscriber.onComplete();
    }
  }
}
