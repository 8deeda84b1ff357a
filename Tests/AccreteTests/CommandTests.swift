import Testing

/// The program's commands, one at a time: they share the machine's cores and one kernel cache.
@Suite("The command line", .serialized)
struct CommandTests {}
