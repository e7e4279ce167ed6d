// Command minimal is being written.
package main

func main() {}
