using Bft.Testnet.CommandLine;

namespace Bft.Testnet.Node;

/// <summary>Warnings and errors of the libraries as events of the validator, so that nothing they catch is lost.</summary>
internal sealed class EventLogger(IEventSink events) : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(events, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Category(IEventSink events, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                events.Write("log", new { level = logLevel.ToString(), category = name, message = formatter(state, exception), exception = exception?.ToString() });
            }
        }
    }
}
