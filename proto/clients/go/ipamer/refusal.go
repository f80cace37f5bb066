package ipamer

import (
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ipamer/ipamer/proto/clients/go/ipamerv1"
)

const (
	reasonDomain = "ipamer.io"
	reasonPrefix = "ERROR_REASON_"
)

// Refusal is an error that the server gave a reason for. [errors.As] finds it, and for gRPC it is the status that came:
// [status.FromError] and [status.Code] work as ever. Errors without a reason, such as those of the network, are no
// refusals but plain statuses.
type Refusal struct {
	// Reason is ERROR_REASON_UNSPECIFIED when the server is newer than this client and gave one that is not known here;
	// Code and ReasonName still say which.
	Reason ipamerv1.ErrorReason
	// ReasonName is the reason as it came, such as "NO_FREE_ADDRESS".
	ReasonName string
	// Metadata has facts for programs; the comment of each reason names its keys.
	Metadata map[string]string
	// RetryAfter is how long to wait before the call is sent again, where waiting helps; else 0.
	RetryAfter time.Duration

	status *status.Status
}

// Error is the reason's name, and a sentence for people.
func (r *Refusal) Error() string {
	return r.ReasonName + ": " + r.status.Message()
}

// Code is the gRPC code that goes with the reason.
func (r *Refusal) Code() codes.Code {
	return r.status.Code()
}

// GRPCStatus is what came, with all its details.
func (r *Refusal) GRPCStatus() *status.Status {
	return r.status
}

// Reason is why the server refused, and ERROR_REASON_UNSPECIFIED of everything else: nil, errors of the network, reasons
// that this client does not know. It tells the reason of a status, too, which is what interceptors see.
func Reason(err error) ipamerv1.ErrorReason {
	var known *Refusal
	if errors.As(refusal(err), &known) {
		return known.Reason
	}
	return ipamerv1.ErrorReason_ERROR_REASON_UNSPECIFIED
}

// The same error where there is no reason in it.
func refusal(err error) error {
	answer, ok := status.FromError(err)
	if !ok || answer.Code() == codes.OK {
		return err
	}
	refusal := &Refusal{status: answer}
	for _, detail := range answer.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == reasonDomain {
				refusal.ReasonName = detail.GetReason()
				refusal.Reason = ipamerv1.ErrorReason(ipamerv1.ErrorReason_value[reasonPrefix+detail.GetReason()])
				refusal.Metadata = detail.GetMetadata()
			}
		case *errdetails.RetryInfo:
			refusal.RetryAfter = detail.GetRetryDelay().AsDuration()
		}
	}
	if refusal.ReasonName == "" {
		return err
	}
	return refusal
}
