package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"
	v1 "github.com/metal-stack/go-ipam/api/v1"
	"github.com/metal-stack/go-ipam/api/v1/apiv1connect"
)

// storm is many callers that acquire addresses of one prefix, each as fast as it is answered.
type storm struct {
	prefix   string
	callers  int
	warmUp   time.Duration
	duration time.Duration
	deadline time.Duration
}

// figures is what a storm prints. Calls are those that ended in the time that counts; errors and duplicates are of the
// warm-up, too.
type figures struct {
	Callers        int     `json:"callers"`
	Calls          int     `json:"calls"`
	Errors         int     `json:"errors"`
	Duplicates     int     `json:"duplicates"`
	CallsPerSecond float64 `json:"callsPerSecond"`
	P50Millis      float64 `json:"p50Millis"`
	P99Millis      float64 `json:"p99Millis"`
	FirstError     string  `json:"firstError,omitempty"`
}

// caller is what one goroutine got.
type caller struct {
	addresses  []string
	latencies  []time.Duration // of calls that ended in the time that counts
	errors     int
	firstError error
}

func (s storm) run(ctx context.Context, ipam apiv1connect.IpamServiceClient, out io.Writer) error {
	if _, err := ipam.CreatePrefix(ctx, connect.NewRequest(&v1.CreatePrefixRequest{Cidr: s.prefix})); err != nil {
		return fmt.Errorf("storm: CreatePrefix of %s: %w", s.prefix, err)
	}
	from := time.Now().Add(s.warmUp)
	callers := make([]caller, s.callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { callers[i].acquire(ctx, ipam, s, from) })
	}
	all.Wait()

	sum, firstError := s.sum(callers)
	if err := json.NewEncoder(out).Encode(sum); err != nil {
		return err
	}
	switch {
	case sum.Duplicates > 0:
		return fmt.Errorf("storm: %d addresses of %s were given to more than one caller", sum.Duplicates, s.prefix)
	case firstError != nil:
		return fmt.Errorf("storm: %d calls on %s failed, the first with: %w", sum.Errors, s.prefix, firstError)
	case sum.Calls == 0:
		return errors.New("storm: no call ended in the time that counts")
	default:
		return nil
	}
}

func (c *caller) acquire(ctx context.Context, ipam apiv1connect.IpamServiceClient, s storm, from time.Time) {
	until := from.Add(s.duration)
	for {
		start := time.Now()
		if !start.Before(until) {
			return
		}
		ip, err := acquireWithin(ctx, s.deadline, ipam, s.prefix)
		end := time.Now()
		if err != nil {
			c.errors++
			if c.firstError == nil {
				c.firstError = err
			}
			continue
		}
		c.addresses = append(c.addresses, ip)
		if !end.Before(from) && end.Before(until) {
			c.latencies = append(c.latencies, end.Sub(start))
		}
	}
}

func acquireWithin(
	ctx context.Context, deadline time.Duration, ipam apiv1connect.IpamServiceClient, prefix string,
) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	response, err := ipam.AcquireIP(ctx, connect.NewRequest(&v1.AcquireIPRequest{PrefixCidr: prefix}))
	if err != nil {
		return "", err
	}
	return response.Msg.GetIp().GetIp(), nil
}

func (s storm) sum(callers []caller) (figures, error) {
	sum := figures{Callers: s.callers}
	var firstError error
	var latencies []time.Duration
	given := make(map[string]bool)
	for _, c := range callers {
		sum.Errors += c.errors
		if firstError == nil && c.firstError != nil {
			firstError = c.firstError
			sum.FirstError = c.firstError.Error()
		}
		latencies = append(latencies, c.latencies...)
		for _, ip := range c.addresses {
			if given[ip] {
				sum.Duplicates++
			}
			given[ip] = true
		}
	}
	slices.Sort(latencies)
	sum.Calls = len(latencies)
	sum.CallsPerSecond = float64(sum.Calls) / s.duration.Seconds()
	if sum.Calls > 0 {
		sum.P50Millis = millis(latencies[sum.Calls/2])
		sum.P99Millis = millis(latencies[sum.Calls*99/100])
	}
	return sum, firstError
}

func millis(latency time.Duration) float64 {
	return float64(latency.Microseconds()) / 1e3
}
