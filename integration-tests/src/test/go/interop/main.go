// Makes the calls of a scenario through our client for Go, and prints what it sees: a line of JSON for each.
//
// What there is to know of scenarios stands at InteropScenario.java.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/ipamer/ipamer/proto/clients/go/ipamer"
	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

const mostSeconds = 20

type scenario struct {
	Texts map[string][]string `json:"texts"`
	Steps []step              `json:"steps"`
}

type step struct {
	RPC      string            `json:"rpc"`
	Request  json.RawMessage   `json:"request"`
	Requests []json.RawMessage `json:"requests"`
	Save     map[string]string `json:"save"`
}

type seen struct {
	Answer  json.RawMessage    `json:"answer,omitempty"`
	Answers *[]json.RawMessage `json:"answers,omitempty"`
	Refusal *refusal           `json:"refusal,omitempty"`
}

type refusal struct {
	Code     string            `json:"code"`
	Reason   string            `json:"reason"`
	Metadata map[string]string `json:"metadata"`
}

func main() {
	target := flag.String("target", "", "the server, host:port")
	file := flag.String("scenario", "", "the file with the calls")
	flag.Parse()
	if err := run(*target, *file); err != nil {
		log.Fatal(err)
	}
}

func run(target, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var calls scenario
	if err := json.Unmarshal(text, &calls); err != nil {
		return err
	}
	variables := map[string]string{}
	for name, lines := range calls.Texts {
		variables[name] = base64.StdEncoding.EncodeToString([]byte(strings.Join(lines, "\n")))
	}
	client, err := ipamer.Dial(target, ipamer.WithPlaintext())
	if err != nil {
		return err
	}
	defer client.Close()
	for i, step := range calls.Steps {
		seen, err := call(client, step, variables)
		if err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.RPC, err)
		}
		line, err := json.Marshal(seen)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
		if err := save(step, line, variables); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.RPC, err)
		}
	}
	return nil
}

func call(client *ipamer.Client, step step, variables map[string]string) (seen, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mostSeconds*time.Second)
	defer cancel()
	switch step.RPC {
	case "Export":
		request := &ipamerv1.ExportRequest{}
		if err := parse(step.Request, variables, request); err != nil {
			return seen{}, err
		}
		stream, err := client.Export(ctx, request)
		if err != nil {
			return seen{}, err
		}
		return answers(func() (proto.Message, error) { return stream.Recv() })
	case "Import":
		return importAll(ctx, client, step.Requests, variables)
	default:
		return unary(ctx, client, step, variables)
	}
}

// The method is found by its name and called with the types that it has.
func unary(ctx context.Context, client *ipamer.Client, step step, variables map[string]string) (seen, error) {
	method := reflect.ValueOf(client).MethodByName(step.RPC)
	if !method.IsValid() {
		return seen{}, errors.New("no such method")
	}
	request := reflect.New(method.Type().In(1).Elem())
	if err := parse(step.Request, variables, request.Interface().(proto.Message)); err != nil {
		return seen{}, err
	}
	results := method.Call([]reflect.Value{reflect.ValueOf(ctx), request})
	if err, failed := results[1].Interface().(error); failed {
		return refused(seen{}, err)
	}
	answer, err := protojson.Marshal(results[0].Interface().(proto.Message))
	return seen{Answer: answer}, err
}

func importAll(ctx context.Context, client *ipamer.Client, requests []json.RawMessage, variables map[string]string) (seen, error) {
	stream, err := client.Import(ctx)
	if err != nil {
		return seen{}, err
	}
	for _, text := range requests {
		part := &ipamerv1.ImportRequest{}
		if err := parse(text, variables, part); err != nil {
			return seen{}, err
		}
		// The end of the stream says why the server wants no more.
		if err := stream.Send(part); err == io.EOF {
			break
		} else if err != nil {
			return seen{}, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return seen{}, err
	}
	return answers(func() (proto.Message, error) { return stream.Recv() })
}

func answers(next func() (proto.Message, error)) (seen, error) {
	all := seen{Answers: &[]json.RawMessage{}}
	for {
		part, err := next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return refused(all, err)
		}
		answer, err := protojson.Marshal(part)
		if err != nil {
			return all, err
		}
		*all.Answers = append(*all.Answers, answer)
	}
}

// What the server gave no reason for is an error of this program.
func refused(before seen, err error) (seen, error) {
	var why *ipamer.Refusal
	if !errors.As(err, &why) {
		return before, err
	}
	metadata := why.Metadata
	if metadata == nil {
		metadata = map[string]string{}
	}
	before.Refusal = &refusal{code.Code_name[int32(status.Code(err))], why.ReasonName, metadata}
	return before, nil
}

var variable = regexp.MustCompile(`\$\{[^}]+}`)

func parse(text json.RawMessage, variables map[string]string, into proto.Message) error {
	return protojson.Unmarshal(variable.ReplaceAllFunc(text, func(name []byte) []byte {
		return []byte(variables[string(name[2:len(name)-1])])
	}), into)
}

func save(step step, line []byte, variables map[string]string) error {
	var all struct{ Answer, Answers any }
	if err := json.Unmarshal(line, &all); err != nil {
		return err
	}
	for name, pointer := range step.Save {
		at := all.Answer
		if all.Answers != nil {
			at = all.Answers
		}
		for _, key := range strings.Split(pointer, "/")[1:] {
			switch inside := at.(type) {
			case []any:
				index, err := strconv.Atoi(key)
				if err != nil || index >= len(inside) {
					return fmt.Errorf("nothing at %s in %s", pointer, line)
				}
				at = inside[index]
			case map[string]any:
				at = inside[key]
			}
		}
		text, ok := at.(string)
		if !ok {
			return fmt.Errorf("no text at %s in %s", pointer, line)
		}
		variables[name] = text
	}
	return nil
}
