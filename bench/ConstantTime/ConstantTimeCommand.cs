using System.CommandLine;
using Bft.Crypto.Bls12381.Native;
using Bft.Crypto.Signatures;
using Bft.Testnet.CommandLine;

namespace Bft.Bench.ConstantTime;

/// <summary><c>constant-time</c>.</summary>
internal static class ConstantTimeCommand
{
    /// <summary>The command.</summary>
    /// <param name="json">The option that all commands share.</param>
    public static Command Build(Option<bool> json)
    {
        var command = new Command("constant-time", "Times the routines that touch secrets of the managed BLS code with a fixed secret and with random ones, and tests for a difference (Welch's t; above 4.5 is a leak). Exit code 1 when one is found, or when the leaky control is not.");
        var names = new Option<string[]>("--routine") { AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [], Description = "Only these, and the controls." };
        names.AcceptOnlyFromAmong([.. SecretRoutine.All.Select(routine => routine.Name)]);
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 20, Description = "How long each routine is measured." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => Environment.ProcessId, Description = "Draws classes and secrets." };
        foreach (Option option in new Option[] { names, seconds, seed, json })
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancellation) =>
        {
            string[] only = result.GetRequiredValue(names);
            SecretRoutine[] routines = [.. SecretRoutine.All.Where(routine => only.Length == 0 || only.Contains(routine.Name) || routine.Name.StartsWith("control-", StringComparison.Ordinal))];
            using IDisposable managed = BlsBackend.UseNamed(ISignatureScheme.Managed);
            ConstantTimeReport report = new ConstantTimeRun(routines, Math.Clamp(result.GetValue(seconds), 0.1, 86_400), result.GetValue(seed), Console.Error).Run(cancellation);
            Console.WriteLine(result.GetValue(json) ? JsonOutput.Line(report) : report.ToString());
            return Task.FromResult(report.Ok ? 0 : 1);
        });
        return command;
    }
}
