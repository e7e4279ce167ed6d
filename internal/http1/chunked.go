package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// chunkReader joins the chunks of one body.
type chunkReader struct {
	r        *Reader
	left     int64 // bytes of the current chunk still to come
	any      bool  // a chunk was begun
	trailers bool  // read what follows the last chunk
}

// next appends what one read brings to body. It returns io.EOF after the last chunk, io.ErrUnexpectedEOF when the peer
// closed before it.
func (c *chunkReader) next(body []byte) ([]byte, error) {
	if c.left == 0 {
		if c.any {
			if line, err := c.line(); err != nil {
				return body, err
			} else if line != "" {
				return body, syntaxError("chunk", line)
			}
		}
		line, err := c.line()
		if err != nil {
			return body, err
		}
		n, ok := chunkSize(line)
		if !ok {
			return body, syntaxError("chunk", line)
		}
		c.any = true
		if n == 0 {
			return body, c.end()
		}
		c.left = n
	}
	before := int64(len(body))
	body, err := c.r.more(body, before+min(c.left, c.r.lim.Body+1))
	c.left -= int64(len(body)) - before
	return body, noEOF(err)
}

// chunkSize reads "1a; ext=x".
func chunkSize(line string) (int64, bool) {
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(strings.Trim(size, " \t"), 16, 63)
	return int64(n), err == nil
}

// end reads the trailer section, which is dropped.
func (c *chunkReader) end() error {
	for c.trailers {
		line, err := c.line()
		if err != nil {
			return err
		}
		if line == "" {
			break
		}
	}
	return io.EOF
}

// line reads one line of chunk framing, at most 4 KiB. What cannot be the first line of any chunk is left in the buffer.
func (c *chunkReader) line() (string, error) {
	for {
		b := c.r.buf[c.r.pos:]
		i := bytes.IndexByte(b, '\n')
		if !c.any && len(b) > 0 {
			if first := bytes.TrimLeft(b, " \t\r\n"); len(first) > 0 && !isHex(first[0]) {
				return "", syntaxError("chunk", string(first))
			}
		}
		if i >= 0 {
			c.r.pos += i + 1
			return string(bytes.TrimRight(b[:i], "\r")), nil
		}
		if len(b) >= bufferSize {
			return "", syntaxError("chunk", string(b))
		}
		if err := c.r.fill(); err != nil {
			return "", noEOF(err)
		}
	}
}

// chunkedBody reads the chunked body of a response.
func (r *Reader) chunkedBody(h *Head) ([]byte, error) {
	c := chunkReader{r: r, trailers: r.idle == 0}
	var body []byte
	var tags tagWatch
	for {
		closed := r.idle > 0 && tags.closed(body)
		cancel := func() {}
		if closed {
			cancel = r.waitIdle()
		}
		more, err := c.next(body)
		cancel()
		body = more
		if int64(len(body)) > r.lim.Body {
			return nil, &LimitError{"body", r.lim.Body}
		}
		var bad *SyntaxError
		switch {
		case err == nil:
		case err == io.EOF:
			return body, nil
		case errors.As(err, &bad) && !c.any:
			h.forgive(ChunkedFalse)
			return r.plainBody(h, -1)
		case errors.As(err, &bad):
			h.forgive(ChunkedBroken)
			return body, nil
		case err == io.ErrUnexpectedEOF && tags.closed(body), closed && isTimeout(err):
			h.forgive(ChunkedNoEnd)
			return body, nil
		case err == io.ErrUnexpectedEOF:
			h.forgive(BodyTruncated)
			return body, nil
		case closed:
			h.forgive(ResetAtEnd)
			return body, nil
		default:
			return nil, err
		}
	}
}

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// AppendChunks appends body to b in chunks of at most size bytes, with the last one that is empty (RFC 9112 §7.1).
func AppendChunks(b, body []byte, size int) []byte {
	for len(body) > 0 {
		n := min(len(body), size)
		b = fmt.Appendf(b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return append(b, "0\r\n\r\n"...)
}
