package http1

import "slices"

// Requests in flight are known by their number in the order they began, so that of two at once one is the first: a gateway
// that takes one request at a time answers that one, and not neither.

// begin notes that the start of a request has arrived; calls for one that has begun do nothing.
func (c *conn) begin() {
	if c.request != 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	c.request = c.begun
	c.inFlight = append(c.inFlight, c.request)
}

// ahead counts the requests that began before this one and are in flight.
func (c *conn) ahead() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, _ := slices.BinarySearch(c.inFlight, c.request)
	return i
}

// finish notes that the request is over.
func (c *conn) finish() {
	if c.request == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i, ok := slices.BinarySearch(c.inFlight, c.request); ok {
		c.inFlight = slices.Delete(c.inFlight, i, i+1)
	}
	c.request = 0
}
