package main

import (
	"fmt"

	"connectrpc.com/connect"
)

// refused returns nil if what was tried failed with the code.
func refused(tried string, err error, code connect.Code) error {
	switch {
	case err == nil:
		return fmt.Errorf("%s must fail with %s, and succeeded", tried, code)
	case connect.CodeOf(err) != code:
		return fmt.Errorf("%s must fail with %s, and failed with %w", tried, code, err)
	default:
		return nil
	}
}

// same returns nil if what came is what was expected.
func same[T comparable](what string, came, expected T) error {
	if came != expected {
		return fmt.Errorf("%s is %v, and must be %v", what, came, expected)
	}
	return nil
}
