// Go's two WebSocket libraries against the echo container. Arguments: URL, token.
package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

type echoed struct {
	Text    string `json:"text"`
	Binary  []int  `json:"binary"`
	Refused int    `json:"refused"`
	Close   int    `json:"close"`
}

func main() {
	url, token := os.Args[1], os.Args[2]
	header := http.Header{"Authorization": {"Bearer " + token}}
	result := map[string]echoed{"gorilla": withGorilla(url, header), "coder": withCoder(url, header)}
	must(json.NewEncoder(os.Stdout).Encode(result))
}

func withGorilla(url string, header http.Header) (result echoed) {
	if _, response, err := gorilla.DefaultDialer.Dial(url, nil); err != nil {
		result.Refused = response.StatusCode
	}
	connection, _, err := gorilla.DefaultDialer.Dial(url, header)
	must(err)
	must(connection.WriteMessage(gorilla.TextMessage, []byte("grüße")))
	_, text, err := connection.ReadMessage()
	must(err)
	must(connection.WriteMessage(gorilla.BinaryMessage, []byte{0, 255}))
	_, binary, err := connection.ReadMessage()
	must(err)
	must(connection.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(gorilla.CloseNormalClosure, "")))
	_, _, err = connection.ReadMessage()
	if end, ok := err.(*gorilla.CloseError); ok {
		result.Close = end.Code
	}
	result.Text, result.Binary = string(text), numbers(binary)
	return result
}

func withCoder(url string, header http.Header) (result echoed) {
	deadline, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, response, err := websocket.Dial(deadline, url, nil); err != nil {
		result.Refused = response.StatusCode
	}
	connection, _, err := websocket.Dial(deadline, url, &websocket.DialOptions{HTTPHeader: header})
	must(err)
	must(connection.Write(deadline, websocket.MessageText, []byte("grüße")))
	_, text, err := connection.Read(deadline)
	must(err)
	must(connection.Write(deadline, websocket.MessageBinary, []byte{0, 255}))
	_, binary, err := connection.Read(deadline)
	must(err)
	must(connection.Close(websocket.StatusNormalClosure, "")) // fails unless the answer has the same code
	result.Text, result.Binary, result.Close = string(text), numbers(binary), int(websocket.StatusNormalClosure)
	return result
}

func numbers(bytes []byte) []int {
	result := make([]int, len(bytes))
	for index, value := range bytes {
		result[index] = int(value)
	}
	return result
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
