//go:build !linux

package inputrules

import (
	"context"
	"errors"
)

func read(context.Context) (*Ruleset, error) { return nil, errors.ErrUnsupported }
