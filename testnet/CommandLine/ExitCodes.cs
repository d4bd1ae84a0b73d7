namespace Bft.Testnet.CommandLine;

/// <summary>The codes the executable ends with.</summary>
public static class ExitCodes
{
    /// <summary>Everything that was asked for was done. A clean stop of <c>up</c> and <c>node</c> is a success, too.</summary>
    public const int Success = 0;

    /// <summary>It was not done; the error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong; nothing was tried.</summary>
    public const int Usage = 2;

    /// <summary>The user stopped a command that would have ended by itself (128 + SIGINT).</summary>
    public const int Interrupted = 130;
}
