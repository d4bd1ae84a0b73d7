using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Bft.Testnet.Supervision;

/// <summary>Ends processes that this one started.</summary>
internal static class Termination
{
    private const int Terminate = 15;

    /// <summary>Asks a child to stop: SIGTERM, or the end of its standard input where there are no signals.</summary>
    public static void Ask(Process process)
    {
        try
        {
            if (process.HasExited)
            {
                return;
            }

            if (OperatingSystem.IsWindows())
            {
                process.StandardInput.Close();
            }
            else
            {
                // Not reaped yet, or HasExited would have said so: the number is still this child's.
                _ = SendSignal(process.Id, Terminate);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException)
        {
            // It ended between the question and the answer, which is what was wanted.
        }
    }

    /// <summary>Ends a child and what it started, at once.</summary>
    public static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended by itself meanwhile.
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
