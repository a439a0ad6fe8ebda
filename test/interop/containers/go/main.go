// A container on net/http and gorilla/websocket. BROKEN names a fault that it then has.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var (
	broken    = os.Getenv("BROKEN")
	startedAt = time.Now()
	upgrader  = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	mutex     sync.Mutex
	open      = map[*websocket.Conn]struct{}{}
)

func stream(response http.ResponseWriter, request *http.Request) {
	if broken == "ready-too-early" && time.Since(startedAt) < 1500*time.Millisecond {
		response.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	connection, err := upgrader.Upgrade(response, request, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	mutex.Lock()
	open[connection] = struct{}{}
	mutex.Unlock()
	defer func() {
		mutex.Lock()
		delete(open, connection)
		mutex.Unlock()
	}()
	if broken == "small-messages" {
		connection.SetReadLimit(1_000_000)
	}
	if broken == "last-message" {
		echoOneLate(connection)
		return
	}
	for {
		messageType, data, err := connection.ReadMessage()
		if err != nil {
			return
		}
		// gorilla/websocket leaves this to the program.
		if messageType == websocket.TextMessage && !utf8.Valid(data) {
			closeInvalid(connection)
			return
		}
		if broken == "text-as-binary" {
			messageType = websocket.BinaryMessage
		}
		if connection.WriteMessage(messageType, data) != nil {
			return
		}
	}
}

// echoOneLate answers from a queue of its own, and forgets what is in it when the caller closes.
func echoOneLate(connection *websocket.Conn) {
	type message struct {
		kind int
		data []byte
	}
	queue := make(chan message, 64)
	closed := make(chan struct{})
	defer close(closed)
	go func() {
		for {
			select {
			case <-closed:
				return
			case next := <-queue:
				time.Sleep(5 * time.Millisecond)
				_ = connection.WriteMessage(next.kind, next.data)
			}
		}
	}()
	for {
		kind, data, err := connection.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.TextMessage && !utf8.Valid(data) {
			closeInvalid(connection)
			return
		}
		queue <- message{kind, data}
	}
}

// closeInvalid ends a stream whose text is not UTF-8.
func closeInvalid(connection *websocket.Conn) {
	invalid := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
	_ = connection.WriteControl(websocket.CloseMessage, invalid, time.Now().Add(time.Second))
}

func main() {
	port := os.Getenv("SAGEMAKER_BIND_TO_PORT")
	if port == "" {
		port = "8080"
	}
	if broken == "fixed-port" {
		port = "8080"
	}
	http.HandleFunc("/ping", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/invocations-bidirectional-stream", stream)
	server := &http.Server{Addr: ":" + port}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		mutex.Lock()
		for connection := range open {
			goingAway := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
			_ = connection.WriteControl(websocket.CloseMessage, goingAway, time.Now().Add(time.Second))
		}
		mutex.Unlock()
		time.Sleep(200 * time.Millisecond)
		_ = server.Close()
	}()
	_ = server.ListenAndServe()
}
