namespace Bft.Testnet.Supervision;

/// <summary>Something that happened to one validator's process.</summary>
/// <param name="Validator">The validator.</param>
public abstract record SupervisorEvent(int Validator);

/// <summary>It was started.</summary>
/// <param name="Validator">The validator.</param>
/// <param name="ProcessId">Its process.</param>
public sealed record ValidatorStarted(int Validator, int ProcessId) : SupervisorEvent(Validator);

/// <summary>It said that it is ready.</summary>
/// <param name="Validator">The validator.</param>
public sealed record ValidatorReady(int Validator) : SupervisorEvent(Validator);

/// <summary>It ended without being asked to.</summary>
/// <param name="Validator">The validator.</param>
/// <param name="ExitCode">Its exit code; 128 + n when signal n ended it.</param>
/// <param name="WasReady">Whether it had been ready.</param>
/// <param name="LastLines">The last lines of its log.</param>
public sealed record ValidatorDied(int Validator, int ExitCode, bool WasReady, IReadOnlyList<string> LastLines) : SupervisorEvent(Validator)
{
    /// <summary>The exit code, for people.</summary>
    public string Cause => ExitCode > 128 && ExitCode < 128 + 65 && !OperatingSystem.IsWindows()
        ? $"exit code {ExitCode}, killed by signal {ExitCode - 128}"
        : $"exit code {ExitCode}";

    /// <summary>Who died, how, and its last words in one line.</summary>
    public string Describe() => Printable.Line(
        $"validator {Validator} died{(WasReady ? "" : " before it was ready")} with {Cause}{(LastLines.Count == 0 ? "; it said nothing" : $"; its last lines: {string.Join(" | ", LastLines.TakeLast(5))}")}");
}

/// <summary>It will be started again.</summary>
/// <param name="Validator">The validator.</param>
/// <param name="After">After that time.</param>
public sealed record ValidatorRestarting(int Validator, TimeSpan After) : SupervisorEvent(Validator);
